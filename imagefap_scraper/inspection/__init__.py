"""Is this a whole picture? Untrusted bytes are looked at without decoding here, and decoded in child processes only.

`formats` and `headers`, `containers` read headers in pure Python and never raise; `decode` decodes, in the child
alone; `worker` is the child; `pool` keeps the children and is what the rest of the program uses. Pure of Scrapy.
"""
