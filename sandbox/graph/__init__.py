"""What the stand-ins of Facebook and Instagram share: Meta's Graph API and Facebook Login.

`people` says who exists; `consent`, `login`, `tokens` and `access` who may do what; `parameters`,
`fields` and `paging` how a request is worded; `errors` and `error_map` how one is refused; `usage`
how often one may call; `fetching`, `files` and `uploads` how media arrive; `versions` where all
this is reached, and `application` puts it together.

Some of Meta's behaviour is written down nowhere. There the stand-ins play a guess that no app may
build upon: what publishing an Instagram container for the second time answers (9007/2207027),
refreshing a token that is too young (100), finishing a published reel again (100), and whether an
unpublished post is compared with the newest one for being a duplicate (it is).
"""

from __future__ import annotations
