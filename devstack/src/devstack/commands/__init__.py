"""The commands of ./mt, by what they are for. Importing a module adds its commands to `options.app`."""
