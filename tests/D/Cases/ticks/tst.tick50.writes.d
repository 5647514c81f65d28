/* run: -q -r writes.pcapng */
tick-50ms { @ = count(); }
