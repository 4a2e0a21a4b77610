"""The whole way of one rating on one machine, with every process real."""
