"""What is wrong between here and a server, told apart by what really comes back, and what to do about it."""
