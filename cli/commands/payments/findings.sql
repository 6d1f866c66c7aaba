-- What the providers say and we do not: the open ones first, then the latest.
select
    payment_findings.kind,
    payment_findings.provider,
    payment_findings.reference,
    payment_findings.payment_id,
    payment_findings.detail,
    payment_findings.found_at,
    payment_findings.resolved_at
from money.payment_findings
order by payment_findings.resolved_at is not null, payment_findings.found_at desc
limit 100
