# Audit, application events and errors, scrubbed, for who wants them in DynamoDB.
resource "aws_dynamodb_table" "events" {
  count                       = var.event_table ? 1 : 0
  name                        = "${var.name}-events"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "timestamp"
  range_key                   = "log_level"
  deletion_protection_enabled = true

  attribute {
    name = "timestamp"
    type = "S"
  }
  attribute {
    name = "log_level"
    type = "S"
  }
  point_in_time_recovery {
    enabled = true
  }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }
}
