mock_provider "aws" {
  source = "../../mocks"
}

variables {
  name        = "millrace-dev"
  kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/data"
}

run "repositories" {
  assert {
    condition = toset([for repository in aws_ecr_repository.this : repository.name]) == toset([
      for name in ["millrace/ingest", "millrace/embed", "millrace/sink", "millrace/api", "millrace/cli", "charts/millrace"] : "millrace-dev/${name}"
    ])
    error_message = "There is one repository for each image, and one for the chart."
  }

  assert {
    condition     = output.registry == "123456789012.dkr.ecr.eu-central-1.amazonaws.com/millrace-dev"
    error_message = "The chart puts millrace/NAME after ${output.registry}."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push && !repository.force_delete])
    error_message = "Tags never move, images are scanned, and a repository with images is not deleted."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.encryption_configuration[0].kms_key == var.kms_key_arn])
    error_message = "Images are encrypted by our key."
  }

  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.this : jsondecode(policy.policy).rules[0].selection.countNumber == 10])
    error_message = "The last ten images are kept."
  }
}

run "a_name_that_ecr_refuses" {
  command = plan

  variables {
    repositories = ["API"]
  }

  expect_failures = [var.repositories]
}

run "nothing_to_roll_back_to" {
  command = plan

  variables {
    keep_images = 1
  }

  expect_failures = [var.keep_images]
}
