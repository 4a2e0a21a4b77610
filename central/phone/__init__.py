"""The phone page: rating, receipt and follow-up on the citizen's own telephone.

Plain HTML that central makes: it works without scripts and better with one. It sets no cookie,
loads nothing from others, and no token or code of it reaches a log.
"""
