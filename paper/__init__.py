"""What is printed: pages with our fonts, and QR codes as vectors.

Central prints posters, the technician's tool prints labels; neither knows the other.
"""
