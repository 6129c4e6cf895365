variable "name" {
  type        = string
  description = "Prefix of everything that is made"
  default     = "glucose"
}

variable "region" {
  type        = string
  description = "AWS region"
}

variable "domain" {
  type        = string
  description = "Name under which people reach the platform; its certificate is given"
}

variable "certificate_arn" {
  type        = string
  description = "ACM certificate of the domain, in the same region"
}

variable "image" {
  type        = string
  description = "Image of the platform with its digest, in a registry that ECS can read"
}

variable "network" {
  type        = string
  description = "Range of the network; /16"
  default     = "10.20.0.0/16"
}

variable "zones" {
  type        = number
  description = "Availability zones"
  default     = 2

  validation {
    condition     = var.zones >= 2
    error_message = "The database and the load balancer need two zones."
  }
}

variable "database_class" {
  type        = string
  description = "Class of the PostgreSQL instance"
  default     = "db.m7g.large"
}

variable "database_gigabytes" {
  type        = number
  description = "Its first size; it grows up to ten times of it"
  default     = 100
}

variable "backup_days" {
  type        = number
  description = "Days to which the database can be taken back"
  default     = 30
}

variable "cache_class" {
  type        = string
  description = "Class of the Valkey nodes"
  default     = "cache.t4g.small"
}

variable "copies" {
  type        = map(number)
  description = "Tasks of each service at the start; web, edge and worker grow"
  default     = { web = 2, edge = 2, worker = 2, alarms = 2 }
}

variable "most_copies" {
  type        = number
  description = "Tasks of a service at most"
  default     = 10
}

variable "lock_days" {
  type        = number
  description = "Days in which nobody can remove audit heads and backups"
  default     = 2555
}

variable "log_days" {
  type        = number
  description = "Days that logs are kept"
  default     = 365
}

variable "event_table" {
  type        = bool
  description = "Make the DynamoDB table of the event sink"
  default     = false
}
