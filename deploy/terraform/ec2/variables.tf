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
  description = "Name under which people reach the platform; point it at the output `address`"
}

variable "acme_email" {
  type        = string
  description = "Who hears of certificates"
}

variable "source_url" {
  type        = string
  description = "https address of a tar.gz of the platform's source"
}

variable "source_sha256" {
  type        = string
  description = "Its SHA-256: the machine runs nothing else"
  validation {
    condition     = can(regex("^[0-9a-f]{64}$", var.source_sha256))
    error_message = "Give the 64 hexadecimal digits of the archive's SHA-256."
  }
}

variable "machine" {
  type        = string
  description = "Type of the machine: 4 cores and 16 GB for the limits of docker-compose.prod.yml"
  default     = "m7i.xlarge"
}

variable "data_gigabytes" {
  type        = number
  description = "Disk of the volumes"
  default     = 100
}

variable "callers" {
  type        = list(string)
  description = "Networks that may call ports 80 and 443; certificates need 80 open to all"
  default     = ["0.0.0.0/0"]
}
