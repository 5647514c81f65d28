@"%~dp0iscsitop.exe" trace %*
