"""The tutorial's pictures, taken anew from the demo school: `make pictures`."""
