"""Is this a whole picture? Untrusted bytes are looked at without decoding here, and decoded in child processes only.

`formats` and `headers`, `containers` read headers in pure Python and never raise; `decode` decodes and `thumbnail`
makes small, in the child alone; `worker` is the child, `child` its protocol as the parent speaks it. The rest of the
program uses `pool`, which keeps the children, on an event loop, and `batch` anywhere else. Pure of Scrapy.
"""
