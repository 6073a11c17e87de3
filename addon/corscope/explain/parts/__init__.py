"""What is an exchange's explanation made of? A module for each thing that there is to say."""
