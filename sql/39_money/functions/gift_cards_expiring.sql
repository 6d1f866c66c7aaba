-- Gift cards that expire. Time decides whether a card can be spent. A sweep moves what was left on
-- it to the breakage account of its business, and its buyer is told beforehand. Where the business
-- says so, what was left becomes its own after some days, and part of its payouts.

/*
 * Move what is left on expired gift cards to the breakage accounts of their businesses. Returns how
 * many were moved. A repetition finds nothing left; what is refunded to such a card later is moved
 * by the next one.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.sweep_gift_cards()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_count integer = 0;
begin
    for v_card in
        select gift_cards.*
        from money.gift_cards
        inner join money.spendable_balances
            on spendable_balances.account_id = gift_cards.account_id
        where
            gift_cards.expires_at <= private.now()
            and gift_cards.activated_at is not null
            and gift_cards.cancelled_at is null
            and spendable_balances.balance_minor > 0
        order by gift_cards.account_id
        limit 500
        for no key update of gift_cards skip locked
    loop
        v_count = v_count + money.break_gift_card(v_card);
    end loop;
    return v_count;
end;
$$;

/*
 * Move what is left on an expired gift card, which the caller has locked. Returns 1 if there was
 * something, or 0.
 */
create function money.break_gift_card(card money.gift_cards)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left constant bigint = money.lock_spendable(card.account_id);
    v_id constant uuid = gen_random_uuid();
begin
    if v_left = 0 then
        return 0;
    end if;
    insert into money.gift_card_breakages (id, business_id, gift_card_id, amount_minor, at)
    values (v_id, card.business_id, card.id, v_left, private.now());
    perform money.post(
        card.business_id, 'gift_card.expired', v_id,
        array[
            money.make_entry(card.account_id, v_left),
            money.make_entry(
                money.account('breakage', card.currency, card.business_id), - v_left
            )
        ]
    );
    return 1;
end;
$$;

/*
 * Give businesses what was left on gift cards, as many days after they expired as each of them says
 * (breakage_release_days). Returns how many breakages they got.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.release_breakages()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_breakage record;
    v_count integer = 0;
begin
    for v_breakage in
        update money.gift_card_breakages
        set released_at = private.now()
        from money.gift_cards
        where
            gift_cards.business_id = gift_card_breakages.business_id
            and gift_cards.id = gift_card_breakages.gift_card_id
            and (gift_card_breakages.business_id, gift_card_breakages.id) in (
                select due.business_id, due.id
                from money.payment_settings
                inner join money.gift_card_breakages as due using (business_id)
                where
                    due.restored_at is null
                    and due.released_at is null
                    and due.at <= private.now()
                    - make_interval(days => payment_settings.breakage_release_days)
                limit 500
                for no key update of due skip locked
            )
        returning gift_card_breakages.*, gift_cards.currency
    loop
        perform money.take_from_earnings(
            v_breakage.business_id, v_breakage.currency, 'breakage', - v_breakage.amount_minor,
            money.account('breakage', v_breakage.currency, v_breakage.business_id)
        );
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Let a gift card expire later, or never. What was left when it expired is on it again.
 * Definer: nobody has a write grant on gift cards; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function money.extend_gift_card(gift_card_id uuid, expires_at timestamptz)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
begin
    select gift_cards.* into v_card
    from money.gift_cards
    where gift_cards.id = extend_gift_card.gift_card_id
    for no key update;
    perform private.require_member(v_card.business_id, 'manage');
    if v_card.cancelled_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The gift card is cancelled.', 'Sell another one.'
        );
    elsif extend_gift_card.expires_at <= greatest(private.now(), v_card.expires_at)
        or v_card.expires_at is null and extend_gift_card.expires_at is not null then
        perform private.invalid('expires_at', 'must be in the future, and later than it was');
    end if;
    update money.gift_cards
    set expires_at = extend_gift_card.expires_at
    where gift_cards.id = v_card.id;
    perform money.restore_breakages(v_card);
end;
$$;

/*
 * Give a gift card back what was left on it whenever it expired: from the breakage account, or from
 * the earnings of the business if it got it.
 */
create function money.restore_breakages(card money.gift_cards)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_breakage money.gift_card_breakages;
begin
    for v_breakage in
        update money.gift_card_breakages
        set restored_at = private.now()
        where
            gift_card_breakages.business_id = card.business_id
            and gift_card_breakages.gift_card_id = card.id
            and gift_card_breakages.restored_at is null
        returning gift_card_breakages.*
    loop
        if v_breakage.released_at is not null then
            perform money.take_from_earnings(
                card.business_id, card.currency, 'breakage', v_breakage.amount_minor,
                card.account_id
            );
            continue;
        end if;
        perform money.post(
            card.business_id, 'gift_card.extended', v_breakage.id,
            array[
                money.make_entry(
                    money.account('breakage', card.currency, card.business_id),
                    v_breakage.amount_minor
                ),
                money.make_entry(card.account_id, - v_breakage.amount_minor)
            ]
        );
    end loop;
end;
$$;

/*
 * Announce gift cards that expire within 30 days with something left on them, once for each end.
 * Returns how many.
 * Definer: called by the workers, who have no access to the tables.
 */
create function money.announce_expiring_gift_cards()
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_count integer = 0;
begin
    for v_card in
        update money.gift_cards
        set expiry_told_for = gift_cards.expires_at
        where gift_cards.id in (
            select due.id
            from money.gift_cards as due
            inner join money.spendable_balances
                on spendable_balances.account_id = due.account_id
            where
                due.expires_at > private.now()
                and due.expires_at <= private.now() + interval '30 days'
                and due.activated_at is not null
                and due.cancelled_at is null
                and due.expiry_told_for is distinct from due.expires_at
                and spendable_balances.balance_minor > 0
            limit 500
            for no key update of due skip locked
        )
        returning gift_cards.*
    loop
        perform private.emit(
            'gift_card.expiring',
            jsonb_build_object('gift_card_id', v_card.id, 'business_id', v_card.business_id)
        );
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;
