-- Bank accounts: the number is checked and sealed as soon as it arrives.

/*
 * Return what was typed as the number of an account or of a bank, without spaces and hyphens, in
 * capitals.
 */
create function money.compact_number(value text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return nullif(upper(regexp_replace(value, '[\s-]', '', 'g')), '');
end;
$$;

/*
 * Return the country of an account: an IBAN names it, else the caller does; else it is the country
 * of the business.
 *
 * Errors:  PT400 invalid_input
 */
create function money.bank_country(business_id uuid, country text, number text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_country text = coalesce(
        upper(bank_country.country),
        (
            select bank_formats.country
            from money.bank_formats
            where
                bank_formats.country = left(bank_country.number, 2)
                and bank_formats.routing_pattern is null
        ),
        (
            select businesses.country
            from business.businesses
            where businesses.id = bank_country.business_id
        )
    );
begin
    if v_country !~ '^[A-Z]{2}$' then
        perform private.invalid('country', 'must be an ISO 3166 code of two letters');
    end if;
    return v_country;
end;
$$;

/*
 * Refuse the numbers of an account and its bank that cannot be right in a country. Where no format
 * is known, both are letters and digits.
 *
 * Errors:  PT400 invalid_input
 */
create function money.require_bank_numbers(country text, number text, routing_number text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_format money.bank_formats;
begin
    select bank_formats.* into v_format
    from money.bank_formats
    where bank_formats.country = require_bank_numbers.country;
    if v_format.country is not null and v_format.routing_pattern is null then
        perform money.require_iban(v_format, number);
        if routing_number !~ '^[A-Z]{6}[A-Z0-9]{2}([A-Z0-9]{3})?$' then
            perform private.invalid('routing_number', 'must be a BIC of 8 or 11 characters');
        end if;
        return;
    end if;
    if number is null or number !~ coalesce(v_format.number_pattern, '^[A-Z0-9]{5,34}$') then
        perform private.invalid('number', 'must be the number of a bank account in its country');
    end if;
    if
        routing_number is null
        or routing_number !~ coalesce(v_format.routing_pattern, '^[A-Z0-9]{3,15}$')
        or v_format.country = 'US' and not money.has_aba_check(routing_number)
    then
        perform private.invalid('routing_number', 'must be the number of a bank in its country');
    end if;
end;
$$;

/*
 * Refuse an IBAN that is mistyped, or has not the length and signs of its country.
 *
 * Errors:  PT400 invalid_input
 */
create function money.require_iban(format money.bank_formats, number text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if number is null or number !~ format.number_pattern then
        perform private.invalid('number', 'must be an IBAN of its country');
    elsif not money.has_iban_check(number) then
        perform private.invalid('number', 'must be an IBAN with the right check digits');
    end if;
end;
$$;

/*
 * Do the check digits of an IBAN fit? A letter counts as two digits, A as 10.
 * Source: ISO 13616, ISO 7064 (MOD 97-10)
 */
create function money.has_iban_check(iban text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select mod(
            string_agg(
                case
                    when sign.value ~ '\d' then sign.value
                    else (ascii(sign.value) - ascii('A') + 10)::text
                end,
                '' order by sign.place
            )::numeric,
            97
        ) = 1
        from regexp_split_to_table(substr(iban, 5) || left(iban, 4), '')
            with ordinality as sign (value, place)
    );
end;
$$;

/*
 * Does the last of the nine digits of an American bank fit the others?
 * Source: ABA routing numbers, weights 3, 7, 1
 */
create function money.has_aba_check(routing_number text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return (
        select sum(sign.value::integer * (array[3, 7, 1])[(sign.place - 1) % 3 + 1]) % 10 = 0
        from regexp_split_to_table(has_aba_check.routing_number, '')
            with ordinality as sign (value, place)
    );
end;
$$;

/*
 * Keep the bank account of a business for its currency, instead of the one before. A payout account
 * that waits for it becomes active.
 * Definer: nobody has a write grant on bank accounts and secrets; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden second_factor_required
 *          PT404 not_found · PT503 unavailable
 */
create function money.set_bank_account(
    business_id uuid,
    currency text,
    holder_name text,
    number text,
    routing_number text,
    country text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_number text = money.compact_number(set_bank_account.number);
    v_routing_number text = money.compact_number(set_bank_account.routing_number);
    v_country text = money.bank_country(
        set_bank_account.business_id, set_bank_account.country, v_number
    );
begin
    perform private.require_member(set_bank_account.business_id, 'own');
    perform private.require_second_factor();
    perform money.require_bank_numbers(v_country, v_number, v_routing_number);
    perform money.write_bank_account(
        set_bank_account.business_id,
        set_bank_account.currency,
        set_bank_account.holder_name,
        v_country,
        right(v_number, 4),
        private.keep_secret(
            set_bank_account.business_id,
            jsonb_build_object('number', v_number, 'routing_number', v_routing_number)::text
        )
    );
    perform money.check_bank_payouts(set_bank_account.business_id, set_bank_account.currency);
end;
$$;

/*
 * Write a bank account over the one before, and forget the number before.
 */
create function money.write_bank_account(
    business_id uuid, currency text, holder_name text, country text, last4 text, secret_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_old_secret_id uuid;
begin
    select bank_accounts.secret_id into v_old_secret_id
    from money.bank_accounts
    where
        bank_accounts.business_id = write_bank_account.business_id
        and bank_accounts.currency = write_bank_account.currency
    for update;
    insert into money.bank_accounts (
        business_id, currency, holder_name, country, last4, secret_id, updated_at
    )
    values (
        write_bank_account.business_id, write_bank_account.currency,
        write_bank_account.holder_name, write_bank_account.country, write_bank_account.last4,
        write_bank_account.secret_id, private.now()
    )
    on conflict on constraint bank_accounts_pkey do update
    set
        holder_name = excluded.holder_name,
        country = excluded.country,
        last4 = excluded.last4,
        secret_id = excluded.secret_id,
        updated_at = excluded.updated_at;
    delete from private.secrets
    where secrets.id = v_old_secret_id;
end;
$$;
