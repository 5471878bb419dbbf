"""Archives the favorite folders of imagefap.com users: completely, once, politely."""
