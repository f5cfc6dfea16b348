"""The documented file as Structs: unknown fields are refused, and the JSON Schema is made of them."""  # noqa: E501
