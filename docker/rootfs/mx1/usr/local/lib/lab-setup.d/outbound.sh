install -d -o nobody -g nogroup -m 0700 /run/outbound-quota
