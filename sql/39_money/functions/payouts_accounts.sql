-- Where a business is paid. It opens an account at a provider and hands in there what the provider
-- asks for; what the account may do is the provider's to say.

/*
 * Refuse a currency that is unknown, and a provider that does not pay out.
 *
 * Errors:  PT400 invalid_input
 */
create function money.require_payout_provider(currency text, provider text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from pricing.currencies
        where currencies.code = require_payout_provider.currency
    ) then
        perform private.invalid('currency', 'must be an ISO 4217 code of the view currencies');
    end if;
    if not exists (
        select 1
        from money.providers
        where
            providers.name = require_payout_provider.provider
            and providers.is_enabled
            and providers.pays_out
    ) then
        perform private.invalid('provider', 'must be a provider that pays out');
    end if;
end;
$$;

/*
 * Does the operator make the transfers of a provider?
 */
create function money.is_by_hand(provider text)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from money.providers
        where providers.name = is_by_hand.provider and providers.is_by_hand
    );
end;
$$;

/*
 * Open a payout account of a business in a currency at a provider, or change when it pays out.
 * Definer: nobody has write privileges on payout accounts; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.set_payout_account(
    business_id uuid,
    currency text,
    provider text,
    schedule money.payout_schedule,
    minimum_minor bigint
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_is_new boolean;
begin
    perform private.require_member(set_payout_account.business_id, 'account');
    perform money.require_payout_provider(
        set_payout_account.currency, set_payout_account.provider
    );
    insert into money.payout_accounts as accounts (
        business_id, currency, provider, schedule, minimum_minor
    )
    values (
        set_payout_account.business_id, set_payout_account.currency, set_payout_account.provider,
        coalesce(set_payout_account.schedule, 'weekly'),
        coalesce(set_payout_account.minimum_minor, 1)
    )
    on conflict on constraint payout_accounts_pkey do update
    set
        schedule = coalesce(set_payout_account.schedule, accounts.schedule),
        minimum_minor = coalesce(set_payout_account.minimum_minor, accounts.minimum_minor)
    returning accounts.provider_reference is null into v_is_new;
    if money.is_by_hand(set_payout_account.provider) then
        perform money.check_bank_payouts(
            set_payout_account.business_id, set_payout_account.currency
        );
    elsif v_is_new then
        perform private.send_message(
            'payouts', 'open_payout_account',
            jsonb_build_object(
                'business_id', set_payout_account.business_id,
                'currency', set_payout_account.currency
            )
        );
    end if;
end;
$$;

/*
 * Begin to open an account at its provider, or begin again after a crash. Returns what to ask for,
 * with the idempotency key and the reference that is known already; null where the operator makes
 * the transfers.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.start_payout_account(business_id uuid, currency text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_effect private.effects;
begin
    select effects.* into strict v_effect
    from private.start_effects(
        array[md5(start_payout_account.business_id || start_payout_account.currency)::uuid],
        'account'
    ) as effects;
    return (
        select jsonb_build_object(
            'provider', accounts.provider,
            'reference', accounts.provider_reference,
            'key', v_effect.idempotency_key,
            'began_at', v_effect.started_at,
            'name', businesses.name,
            'email', coalesce(businesses.email, owners.email),
            'country', businesses.country
        )
        from money.payout_accounts as accounts
        inner join business.businesses on businesses.id = accounts.business_id
        cross join lateral (
            select users.email::text as email
            from business.business_members
            inner join auth.users on users.id = business_members.user_id
            where
                business_members.business_id = accounts.business_id
                and business_members.role = 'owner'
            order by business_members.created_at, users.id
            limit 1
        ) as owners
        where
            accounts.business_id = start_payout_account.business_id
            and accounts.currency = start_payout_account.currency
            and not money.is_by_hand(accounts.provider)
    );
end;
$$;

/*
 * Write down what a provider says of an account: whether it can be paid out, and what is missing.
 * An account that the platform rejected stays rejected.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.record_payout_account(
    provider text, reference text, can_be_paid_out boolean, missing text[]
)
returns boolean
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update money.payout_accounts
    set
        status = case
            when record_payout_account.can_be_paid_out then 'active'
            when payout_accounts.status in ('active', 'restricted') then 'restricted'
            else 'pending'
        end::money.payout_account_status,
        missing = record_payout_account.missing
    where
        payout_accounts.provider = record_payout_account.provider
        and payout_accounts.provider_reference = record_payout_account.reference
        and payout_accounts.status <> 'rejected';
    return found;
end;
$$;

/*
 * Note the account that a provider opened.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.note_payout_account(business_id uuid, currency text, reference text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update money.payout_accounts
    set provider_reference = note_payout_account.reference
    where
        payout_accounts.business_id = note_payout_account.business_id
        and payout_accounts.currency = note_payout_account.currency
        and payout_accounts.provider_reference is null;
end;
$$;
