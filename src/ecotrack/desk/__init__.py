"""The desk of the portal: takes uploads in, has children check them, carries submissions to the register."""
