# Audit, application events and errors, scrubbed, for who wants them in DynamoDB.
resource "aws_dynamodb_table" "events" {
  count                       = var.event_table ? 1 : 0
  name                        = "${var.name}-events"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "stream"
  range_key                   = "id"
  deletion_protection_enabled = true

  attribute {
    name = "stream"
    type = "S"
  }
  attribute {
    name = "id"
    type = "S"
  }
  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = true
  }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }
}
