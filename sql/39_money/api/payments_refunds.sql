-- What clients read about refunds, disputes, links and findings. All of it is read-only.

create view public.refunds
with (security_invoker = true)
as
select
    refunds.id,
    refunds.business_id,
    refunds.payment_id,
    refunds.currency,
    refunds.amount_minor,
    refunds.status,
    refunds.reason,
    refunds.requested_by,
    refunds.failure,
    refunds.created_at,
    refunds.finished_at
from money.refunds;
grant select on public.refunds to authenticated, service_role;

comment on view public.refunds is
'What businesses give back: members read those of their business, payers theirs. Page by '
'(created_at, id).';
comment on column public.refunds.id is 'Key.';
comment on column public.refunds.business_id is 'The business that gives back.';
comment on column public.refunds.payment_id is 'The payment.';
comment on column public.refunds.currency is 'ISO 4217 code of the amount.';
comment on column public.refunds.amount_minor is 'In minor units.';
comment on column public.refunds.status is 'pending, succeeded or failed.';
comment on column public.refunds.reason is 'Why, in the words of whoever asked for it.';
comment on column public.refunds.requested_by is
'The user who asked for it; null where nobody had to.';
comment on column public.refunds.failure is 'Why it failed, as a token; null where it did not.';
comment on column public.refunds.created_at is 'When it was asked for.';
comment on column public.refunds.finished_at is 'When it succeeded or failed; null until then.';

create view public.refund_lines
with (security_invoker = true)
as
select
    refund_lines.business_id,
    refund_lines.refund_id,
    refund_lines.sale_line_id,
    refund_lines.amount_minor
from money.refund_lines;
grant select on public.refund_lines to authenticated, service_role;

comment on view public.refund_lines is 'Of which lines of a sale a refund gives back how much.';
comment on column public.refund_lines.business_id is 'The business.';
comment on column public.refund_lines.refund_id is 'The refund.';
comment on column public.refund_lines.sale_line_id is 'The line as it was sold.';
comment on column public.refund_lines.amount_minor is 'In minor units.';

create view public.disputes
with (security_invoker = true)
as
select
    disputes.id,
    disputes.business_id,
    disputes.sale_id,
    disputes.payment_id,
    disputes.currency,
    disputes.amount_minor,
    disputes.status,
    disputes.opened_at,
    disputes.closed_at
from money.disputes;
grant select on public.disputes to authenticated, service_role;

comment on view public.disputes is
'What payers'' banks take back: members read those of their business.';
comment on column public.disputes.id is 'Key.';
comment on column public.disputes.business_id is 'The business.';
comment on column public.disputes.sale_id is 'The sale that was paid.';
comment on column public.disputes.payment_id is 'The payment.';
comment on column public.disputes.currency is 'ISO 4217 code of the amount.';
comment on column public.disputes.amount_minor is 'The business''s share, in minor units.';
comment on column public.disputes.status is 'open, won or lost.';
comment on column public.disputes.opened_at is 'When the bank opened it.';
comment on column public.disputes.closed_at is 'When it ended; null until then.';

create view public.payment_links
with (security_invoker = true)
as
select
    payment_links.id,
    payment_links.business_id,
    payment_links.sale_id,
    payment_links.amount_minor,
    payment_links.expires_at,
    payment_links.created_by,
    payment_links.created_at,
    payment_links.revoked_at
from money.payment_links;
grant select on public.payment_links to authenticated, service_role;

comment on view public.payment_links is
'Links by which anybody who has one pays a sale: members read those of their business. The '
'secret is shown once.';
comment on column public.payment_links.id is 'Key.';
comment on column public.payment_links.business_id is 'The business.';
comment on column public.payment_links.sale_id is 'The sale that is paid.';
comment on column public.payment_links.amount_minor is
'What is paid with it; null: whatever is owed.';
comment on column public.payment_links.expires_at is 'Until when it works.';
comment on column public.payment_links.created_by is 'The member who made it.';
comment on column public.payment_links.created_at is 'When it was made.';
comment on column public.payment_links.revoked_at is 'When it was revoked; null where it was not.';

create view public.payment_findings
with (security_invoker = true)
as
select
    payment_findings.id,
    payment_findings.kind,
    payment_findings.provider,
    payment_findings.reference,
    payment_findings.payment_id,
    payment_findings.detail,
    payment_findings.found_at,
    payment_findings.resolved_at
from money.payment_findings;
grant select on public.payment_findings to authenticated, service_role;

comment on view public.payment_findings is
'What providers say and we do not: for the platform''s finance.';
comment on column public.payment_findings.id is 'Key.';
comment on column public.payment_findings.kind is
'amount_differs, currency_differs, dispute_differs, missed_event, refund_differs, '
'refund_exceeds_payment, refunded_elsewhere, unknown_object or unknown_payment.';
comment on column public.payment_findings.provider is 'The provider.';
comment on column public.payment_findings.reference is 'The provider''s id of the object.';
comment on column public.payment_findings.payment_id is 'Our payment; null where none is known.';
comment on column public.payment_findings.detail is 'What it said and what we asked for.';
comment on column public.payment_findings.found_at is 'When it was found.';
comment on column public.payment_findings.resolved_at is
'When it was repaired or looked into; null until then.';
