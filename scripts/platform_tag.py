"""Prints which wheels this Python takes, for example cp311-linux_x86_64: part of an offline bundle's name."""

import sys
import sysconfig

version = f"cp{sys.version_info.major}{sys.version_info.minor}"
print(f"{version}-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}")
