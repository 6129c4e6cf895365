output "address" {
  description = "Address of the machine: point the domain's A record at it"
  value       = aws_eip.this.public_ip
}

output "instance" {
  description = "For `aws ssm start-session --target`"
  value       = aws_instance.this.id
}
