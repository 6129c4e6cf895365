# The platform on AWS: ECS Fargate behind a load balancer, RDS PostgreSQL, ElastiCache with Valkey. Read docs/install.md
# first. The state holds no secret: passwords are made by AWS, or written to Secrets Manager by hand.
terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = { project = var.name }
  }
}

data "aws_caller_identity" "this" {}
data "aws_availability_zones" "this" {
  state = "available"
}

resource "aws_kms_key" "this" {
  description             = "${var.name}: database, logs, secrets and buckets"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

data "aws_iam_policy_document" "key" {
  statement {
    sid       = "Account"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::${data.aws_caller_identity.this.account_id}:root"]
    }
  }
  statement {
    sid       = "Logs"
    actions   = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "Service"
      identifiers = ["logs.${var.region}.amazonaws.com"]
    }
  }
}

# Wraps the keys of clinics (KMS_KEY_ID). Apart from the one above: who may restore the database may not read it.
resource "aws_kms_key" "clinics" {
  description             = "${var.name}: keys of clinics"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}
