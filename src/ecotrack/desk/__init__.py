"""The desk of the portal: it takes uploads in, has them checked by children, and carries submissions to the register."""
