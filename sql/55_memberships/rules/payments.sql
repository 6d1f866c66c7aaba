-- A membership follows the payments of its sales, in the transaction that records them.

/*
 * Settle the period, or the gift, of a sale of which everything is paid now.
 */
create function memberships.payment_parts__settle()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform memberships.note_paid_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _420_settle_memberships
after update of captured_minor on money.payment_parts
for each row
when (new.captured_minor > old.captured_minor)
execute function memberships.payment_parts__settle();

/*
 * Note that a charge of a saved card failed. One that the bank wants its owner to approve did not
 * succeed either: they are told, and can pay it.
 */
create function memberships.payments__note_failure()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform memberships.note_failure(new);
    return null;
end;
$$;

create trigger _420_note_failure
after update of status on money.payments
for each row
when (
    new.is_off_session
    and old.status is distinct from new.status
    and new.status in ('failed', 'cancelled', 'expired', 'requires_action')
)
execute function memberships.payments__note_failure();
