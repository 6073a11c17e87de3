"""What about an exchange is worth a remark, though it is no verdict? And what that rests on."""
