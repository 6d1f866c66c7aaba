-- Codes of gift cards. Whoever has the code may spend the card, so only its hash is kept, and
-- nobody tries many.

/*
 * Make a code: 16 characters without look-alikes, of which each carries five random bits.
 */
create function money.make_gift_card_code()
returns text
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_alphabet constant text = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
    v_random bytea = extensions.gen_random_bytes(16);
begin
    return (
        select string_agg(
            substr(v_alphabet, get_byte(v_random, place) % 32 + 1, 1)
            || case when place in (3, 7, 11) then '-' else '' end,
            '' order by place
        )
        from generate_series(0, 15) as place
    );
end;
$$;

/*
 * Return the hash of a code as somebody typed it: hyphens, spaces and case do not matter, O is 0,
 * I and L are 1.
 */
create function money.gift_card_hash(code text)
returns bytea
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return sha256(convert_to(
        translate(upper(regexp_replace(code, '[\s-]', '', 'g')), 'OIL', '011'), 'UTF8'
    ));
end;
$$;

/*
 * Find the gift card of a code that can be spent now; null when there is none.
 */
create function money.usable_gift_card(code text)
returns money.gift_cards
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_card money.gift_cards;
begin
    select gift_cards.* into v_card
    from money.gift_cards
    where
        gift_cards.code_hash = money.gift_card_hash(usable_gift_card.code)
        and gift_cards.activated_at is not null
        and gift_cards.cancelled_at is null
        and (gift_cards.expires_at is null or gift_cards.expires_at > private.now());
    return v_card;
end;
$$;

/*
 * Does a business take a gift card? It takes its own, and those of the platform if it accepts them.
 */
create function money.takes_card(card money.gift_cards, business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return card.business_id = takes_card.business_id
    or card.is_platform and exists (
        select 1
        from money.payment_settings
        where
            payment_settings.business_id = takes_card.business_id
            and payment_settings.accepts_platform_gift_cards
    );
end;
$$;

/*
 * Return what stands for the caller's network address; null for the operator's servers.
 */
create function money.guess_origin()
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return md5('gift card ' || private.caller_address())::uuid;
end;
$$;

/*
 * Note a wrong code. Returns the refusal, which goes back as the answer: raising it would undo the
 * note.
 *
 * Errors:  PT404 not_found
 */
create function money.note_guess()
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.gift_card_lookups (origin_id, at)
    select origin.id, private.now()
    from money.guess_origin() as origin (id)
    where origin.id is not null;
    return private.refusal(
        'PT404', 'not_found', 'There is no gift card with this code that can be used.',
        'Check the code.'
    );
end;
$$;

/*
 * Return the balance of the gift card of a code, as {balance_minor, currency, expires_at,
 * business_id}, or the refusal of a wrong code.
 * Definer: a code is looked up before anything about its card may be read.
 *
 * Errors:  PT404 not_found · PT429 rate_limited
 */
create function money.gift_card_balance(code text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
begin
    perform money.refuse_guesses(money.guess_origin());
    v_card = money.usable_gift_card(gift_card_balance.code);
    if v_card.id is null then
        return money.note_guess();
    end if;
    return jsonb_build_object(
        'balance_minor', - money.balance(v_card.account_id),
        'currency', v_card.currency,
        'expires_at', v_card.expires_at,
        'business_id', case when not v_card.is_platform then v_card.business_id end
    );
end;
$$;

/*
 * Refuse a network address that named ten wrong codes within an hour.
 *
 * Errors:  PT429 rate_limited
 */
create function money.refuse_guesses(origin_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_hour_ago timestamptz = private.now() - interval '1 hour';
    v_tenth_at timestamptz;
begin
    if refuse_guesses.origin_id is null then
        return;
    end if;
    perform private.lock(array[refuse_guesses.origin_id]);
    select gift_card_lookups.at into v_tenth_at
    from money.gift_card_lookups
    where
        gift_card_lookups.origin_id = refuse_guesses.origin_id
        and gift_card_lookups.at > v_hour_ago
    order by gift_card_lookups.at desc
    offset 9
    limit 1;
    if v_tenth_at is not null then
        perform private.refuse_later(
            'rate_limited', ceil(extract(epoch from v_tenth_at - v_hour_ago))::integer
        );
    end if;
end;
$$;

/*
 * Forget wrong codes that are older than a day. Returns how many.
 * Definer: called by the worker, which cannot read the table.
 */
create function money.forget_old_lookups()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    delete from money.gift_card_lookups
    where gift_card_lookups.at < private.now() - interval '1 day';
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
