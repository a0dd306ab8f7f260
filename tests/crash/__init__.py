"""The portal killed in the middle of what people do: nothing half done, nothing lost, go on."""
