@"%~dp0iscsitop.exe" snoop %*
