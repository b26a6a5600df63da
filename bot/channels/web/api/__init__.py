"""The routes that programs and the chat page's script call; they answer JSON."""
