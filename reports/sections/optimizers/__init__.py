"""Every optimizer, rotation and least squares against simulation."""
