-- Bank accounts: the number is sealed as soon as it arrives.

/*
 * Read the number of a bank account: letters and digits, spaces do not matter. One that begins like
 * an IBAN must have its check digits.
 *
 * Errors:  PT400 invalid_input
 */
create function money.to_account_number(value text, argument text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_number text = upper(regexp_replace(value, '\s', '', 'g'));
begin
    if v_number is null or v_number !~ '^[A-Z0-9]{5,34}$' then
        perform private.invalid(argument, 'must have 5 to 34 letters and digits');
    elsif v_number ~ '^[A-Z]{2}\d{2}' and not money.has_iban_check(v_number) then
        perform private.invalid(argument, 'must be an IBAN with the right check digits');
    end if;
    return v_number;
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
 * Keep the bank account of a business for its currency, instead of the one before.
 * Definer: nobody has a write grant on bank accounts and secrets; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT503 unavailable
 */
create function money.set_bank_account(
    business_id uuid, currency text, holder_name text, number text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_old_secret_id uuid;
    v_secret_id uuid;
begin
    perform private.require_member(set_bank_account.business_id, 'own');
    select bank_accounts.secret_id into v_old_secret_id
    from money.bank_accounts
    where
        bank_accounts.business_id = set_bank_account.business_id
        and bank_accounts.currency = set_bank_account.currency
    for update;
    v_secret_id = private.keep_secret(set_bank_account.business_id, set_bank_account.number);
    insert into money.bank_accounts as kept (
        business_id, currency, holder_name, last4, secret_id, updated_at
    )
    values (
        set_bank_account.business_id, set_bank_account.currency, set_bank_account.holder_name,
        right(set_bank_account.number, 4), v_secret_id, private.now()
    )
    on conflict on constraint bank_accounts_pkey do update
    set
        holder_name = excluded.holder_name,
        last4 = excluded.last4,
        secret_id = excluded.secret_id,
        updated_at = excluded.updated_at;
    delete from private.secrets
    where secrets.id = v_old_secret_id;
end;
$$;
