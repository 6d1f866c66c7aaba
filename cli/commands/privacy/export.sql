select privacy.export_of(%(user_id)s::uuid, %(email)s) as document
