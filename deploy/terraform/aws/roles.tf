data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
  }
}

# Starts tasks: fetches the image and the secrets. Only the migration's may fetch the owner's.
resource "aws_iam_role" "start" {
  for_each           = toset(["app", "owner"])
  name_prefix        = "${var.name}-start-${each.key}-"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy_attachment" "start" {
  for_each   = aws_iam_role.start
  role       = each.value.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "start" {
  for_each = aws_iam_role.start
  role     = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = "secretsmanager:GetSecretValue"
        Resource = [for name, secret in aws_secretsmanager_secret.this : secret.arn if name == "app" || each.key == "owner"]
      },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = aws_kms_key.this.arn },
    ]
  })
}

# What the platform itself may do: wrap keys of clinics, publish audit heads, write events.
resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-task-"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

resource "aws_iam_role_policy" "task" {
  role = aws_iam_role.task.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"]
          Resource = aws_kms_key.clinics.arn
        },
        {
          Effect   = "Allow"
          Action   = ["s3:PutObject", "s3:GetObject"]
          Resource = "${aws_s3_bucket.this["audit"].arn}/*"
        },
        { Effect = "Allow", Action = "s3:ListBucket", Resource = aws_s3_bucket.this["audit"].arn },
        { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = aws_kms_key.this.arn },
      ],
      var.event_table ? [{ Effect = "Allow", Action = "dynamodb:BatchWriteItem", Resource = aws_dynamodb_table.events[0].arn }] : [],
    )
  })
}
