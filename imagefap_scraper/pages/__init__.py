"""What the pages of the site say: text in, values out.

A page class gets the text of one answer, the address that it came from and the `Site`. It returns values or raises
`PageNotFound` (the site says that it is not there) or `LayoutChanged` (nothing may be concluded), and never anything
else, whatever the text. It makes no requests, logs nothing and counts nothing. Blocks are told in `blocked`.
"""
