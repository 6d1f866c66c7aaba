update privacy.retention_rules
set keep = %(keep)s::interval
where retention_rules.relation = %(relation)s
returning retention_rules.keep::text as keep
