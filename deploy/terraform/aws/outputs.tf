output "balancer_name" {
  description = "Name of the load balancer: point the domain's CNAME or alias at it"
  value       = aws_lb.this.dns_name
}

output "database_host" {
  description = "Host of PostgreSQL, for the URLs of the secrets"
  value       = aws_db_instance.this.address
}

output "database_master_secret" {
  description = "Where AWS keeps the master password, for `manage.py database prepare`"
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}

output "redis_host" {
  description = "Host of Valkey: REDIS_URL is rediss://HOST:6379"
  value       = aws_elasticache_replication_group.this.primary_endpoint_address
}

output "audit_bucket" {
  description = "Bucket of the audit ledger's heads"
  value       = aws_s3_bucket.this["audit"].id
}

output "backup_bucket" {
  description = "Bucket for backups"
  value       = aws_s3_bucket.this["backups"].id
}

output "event_table" {
  description = "Table of the event sink, where it was asked for"
  value       = one(aws_dynamodb_table.events[*].name)
}
