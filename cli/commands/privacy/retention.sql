select
    retention_rules.relation,
    retention_rules.counted_from,
    retention_rules.keep::text as keep,
    retention_rules.action,
    retention_rules.reason
from privacy.retention_rules
order by retention_rules.relation
