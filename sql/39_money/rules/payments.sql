-- What holds for payments on every path.

/*
 * Refuse a step that the life of a payment does not have, and let the parts follow.
 *
 * Errors:  PT409 invalid_transition
 */
create function money.payments__follow_with_parts()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from money.payment_transitions
        where
            payment_transitions.from_status = old.status
            and payment_transitions.to_status = new.status
    ) then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A payment that is %s cannot become %s.', old.status, new.status),
            'Read the payment again and check its status.'
        );
    end if;
    update money.payment_parts
    set status = new.status
    where payment_parts.payment_id = new.id;
    perform private.emit(
        'payment.' || new.status::text,
        jsonb_build_object('payment_id', new.id, 'status', new.status)
    );
    return null;
end;
$$;

create trigger _200_follow_with_parts
after update of status on money.payments
for each row
when (old.status is distinct from new.status)
execute function money.payments__follow_with_parts();

create trigger _900_touch
before update on money.payments
for each row execute function private.any__touch();

-- A payment keeps who asked for how much of what.
create trigger _100_refuse_rewriting
before update on money.payments
for each row
when (
    old.id <> new.id
    or old.provider <> new.provider
    or old.currency <> new.currency
    or old.amount_minor <> new.amount_minor
    or old.captured_minor > new.captured_minor
    or old.provider_reference <> new.provider_reference
)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on money.payments
for each row execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update of raw, provider, event_id, kind on money.provider_events
for each row execute function private.any__refuse_rewriting();

/*
 * Ignore an event from now on that nobody knew until its bytes were emptied: what it said of fees
 * is gone, so it can no longer be applied as a whole.
 */
create function money.provider_events__ignore_emptied()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    new.state = 'ignored';
    return new;
end;
$$;

create trigger _200_ignore_emptied
before update of raw on money.provider_events
for each row
when (
    old.state in ('received', 'parked')
    and old.raw <> ''
    and new.raw = ''
    and new.subject_id is null
)
execute function money.provider_events__ignore_emptied();

/*
 * Settle a sale that was changed after somebody paid for it or left a card.
 */
create function money.sale_revisions__settle()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from money.payment_parts
        where
            payment_parts.business_id = new.business_id
            and payment_parts.sale_id = new.sale_id
    ) or exists (
        select 1
        from money.guarantees
        where
            guarantees.business_id = new.business_id
            and guarantees.sale_id = new.sale_id
    ) then
        perform private.send_message(
            'payments', 'settle_sale',
            jsonb_build_object('business_id', new.business_id, 'sale_id', new.sale_id)
        );
    end if;
    return null;
end;
$$;

-- What a refund corrected is given back by that refund.
create trigger _400_settle
after insert on sales.sale_revisions
for each row
when (new.revision > 0 and new.cause <> 'refunded')
execute function money.sale_revisions__settle();

/*
 * Refuse providers that do not exist in the settings of a business.
 *
 * Errors:  PT400 invalid_input
 */
create function money.payment_settings__refuse_unknown_providers()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1
        from unnest(new.providers) as wanted (name)
        left join money.providers on providers.name = wanted.name and providers.is_online
        where providers.name is null
    ) then
        perform private.invalid('providers', 'must each be a provider with which customers pay');
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on money.payment_settings
for each row execute function business.any__refuse_bad_input('manage');

create trigger _100_refuse_unknown_providers
before insert or update of providers on money.payment_settings
for each row execute function money.payment_settings__refuse_unknown_providers();

create trigger _900_touch
before update on money.payment_settings
for each row execute function private.any__touch();

/*
 * Refuse a range of a provider with which nobody pays by themselves.
 *
 * Errors:  PT400 invalid_input
 */
create function money.payment_ranges__refuse_offline_provider()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1 from money.providers where providers.name = new.provider and not providers.is_online
    ) then
        perform private.invalid('provider', 'must be a provider with which customers pay');
    end if;
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on money.payment_ranges
for each row execute function business.any__refuse_bad_input('manage');

create trigger _100_refuse_offline_provider
before insert or update of provider on money.payment_ranges
for each row execute function money.payment_ranges__refuse_offline_provider();
