-- Gift cards: sold as a line of a sale, usable once that is paid, found by their code alone.

/*
 * Make a gift card that belongs to a line of a sale. It can be spent once it is activated, and
 * without an end as long as its business says. Returns it with its code, which nothing keeps.
 */
create function money.make_gift_card(
    business_id uuid,
    sale_line_id uuid,
    currency text,
    amount_minor bigint,
    buyer_id uuid,
    expires_at timestamptz,
    out gift_card_id uuid,
    out code text
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    gift_card_id = gen_random_uuid();
    code = money.make_gift_card_code();
    insert into money.gift_cards (
        id, business_id, sale_line_id, account_id, currency, amount_minor, code_hash, last4,
        buyer_id, expires_at, created_at, is_taxed, is_platform
    )
    values (
        gift_card_id,
        make_gift_card.business_id,
        make_gift_card.sale_line_id,
        money.account(
            'gift_cards', make_gift_card.currency, make_gift_card.business_id,
            owner_id => gift_card_id
        ),
        make_gift_card.currency,
        make_gift_card.amount_minor,
        money.gift_card_hash(code),
        right(code, 4),
        make_gift_card.buyer_id,
        coalesce(
            make_gift_card.expires_at, money.gift_card_expiry(make_gift_card.business_id)
        ),
        private.now(),
        exists (
            select 1
            from sales.sale_line_taxes
            where
                sale_line_taxes.business_id = make_gift_card.business_id
                and sale_line_taxes.sale_line_id = make_gift_card.sale_line_id
                and sale_line_taxes.rate_bps > 0
        ),
        exists (
            select 1
            from money.payment_settings
            where
                payment_settings.business_id = make_gift_card.business_id
                and payment_settings.sells_platform_gift_cards
        )
    );
end;
$$;

/*
 * Return when a gift card expires that a business sells now; null: never.
 */
create function money.gift_card_expiry(business_id uuid)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            (
                private.now() at time zone businesses.time_zone
                + make_interval(months => payment_settings.gift_card_valid_months)
            ) at time zone businesses.time_zone
        from money.payment_settings
        inner join business.businesses on businesses.id = payment_settings.business_id
        where payment_settings.business_id = gift_card_expiry.business_id
    );
end;
$$;

/*
 * Sell a gift card at the counter: a sale with one line, which is paid like any other. Returns
 * {gift_card_id, sale_id, code}.
 * Definer: nobody has a write grant on sales and gift cards; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.sell_gift_card(
    business_id uuid,
    amount_minor bigint,
    customer_name text,
    customer_email text,
    expires_at timestamptz
)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_currency text;
    v_sale_id uuid;
    v_card record;
begin
    perform private.require_member(sell_gift_card.business_id, 'serve');
    if sell_gift_card.expires_at <= private.now() then
        perform private.invalid('expires_at', 'must be in the future');
    end if;
    select businesses.currency into strict v_currency
    from business.businesses
    where businesses.id = sell_gift_card.business_id;
    v_sale_id = sales.place_sale(
        sell_gift_card.business_id, null, sell_gift_card.customer_name,
        sell_gift_card.customer_email, null,
        pricing.quote(
            array[pricing.make_line(
                'gift_card', 'Gift card', 1, sell_gift_card.amount_minor, v_currency, '{}'
            )],
            pricing.for_buyer(pricing.make_terms(), sell_gift_card.business_id, null)
        )
    );
    select made.* into v_card
    from sales.sale_lines
    cross join lateral money.make_gift_card(
        sale_lines.business_id, sale_lines.id, v_currency, sell_gift_card.amount_minor, null,
        sell_gift_card.expires_at
    ) as made
    where
        sale_lines.business_id = sell_gift_card.business_id
        and sale_lines.sale_id = v_sale_id;
    return jsonb_build_object(
        'gift_card_id', v_card.gift_card_id, 'sale_id', v_sale_id, 'code', v_card.code
    );
end;
$$;

/*
 * Activate the gift cards of a sale, because it is paid: what was paid for them is owed to whoever
 * has their code.
 */
create function money.activate_gift_cards(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_line_ids uuid[] = '{}';
begin
    for v_card in
        update money.gift_cards
        set activated_at = private.now()
        from sales.sale_lines
        where
            sale_lines.business_id = activate_gift_cards.business_id
            and sale_lines.sale_id = activate_gift_cards.sale_id
            and gift_cards.business_id = sale_lines.business_id
            and gift_cards.sale_line_id = sale_lines.id
            and gift_cards.activated_at is null
            and gift_cards.cancelled_at is null
        returning gift_cards.*
    loop
        perform money.post(
            v_card.business_id, 'gift_card.sold', v_card.id,
            array[
                money.make_entry(
                    money.account('business_pending', v_card.currency, v_card.business_id),
                    v_card.amount_minor
                ),
                money.make_entry(v_card.account_id, - v_card.amount_minor)
            ]
        );
        v_line_ids = v_line_ids || v_card.sale_line_id;
    end loop;
    perform money.take_voucher_tax(sale_lines)
    from sales.sale_lines
    where
        sale_lines.business_id = activate_gift_cards.business_id
        and sale_lines.id = any(v_line_ids)
        and sale_lines.tax_minor <> 0;
end;
$$;

/*
 * Cancel a gift card: what is left goes back to its sale, from which it can be refunded.
 * Definer: nobody has a write grant on gift cards; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function money.cancel_gift_card(gift_card_id uuid, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_card money.gift_cards;
    v_left bigint;
begin
    select gift_cards.* into v_card
    from money.gift_cards
    where gift_cards.id = cancel_gift_card.gift_card_id
    for no key update;
    perform private.require_member(v_card.business_id, 'manage');
    if v_card.cancelled_at is not null then
        perform private.refuse(
            'PT409', 'invalid_transition', 'The gift card is cancelled already.',
            'Sell another one.'
        );
    end if;
    v_left = money.lock_spendable(v_card.account_id);
    update money.gift_cards
    set
        cancelled_at = private.now(),
        cancelled_by = auth.uid(),
        cancel_reason = cancel_gift_card.reason
    where gift_cards.id = v_card.id;
    perform money.post(
        v_card.business_id, 'gift_card.cancelled', v_card.id,
        array[
            money.make_entry(v_card.account_id, v_left),
            money.make_entry(
                money.account('business_pending', v_card.currency, v_card.business_id), - v_left
            )
        ]
    );
end;
$$;

/*
 * Void the gift cards of a sale that nobody paid for. Returns the lines that take them back.
 */
create function money.void_gift_cards(business_id uuid, sale_id uuid)
returns sales.change[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lines constant sales.sale_lines[] = array(
        select sold
        from sales.sale_lines as sold
        where
            sold.business_id = void_gift_cards.business_id
            and sold.sale_id = void_gift_cards.sale_id
            and sold.kind = 'gift_card'
            and sold.corrects_line_id is null
            and not exists (
                select 1
                from money.gift_cards
                where
                    gift_cards.business_id = sold.business_id
                    and gift_cards.sale_line_id = sold.id
                    and (gift_cards.activated_at is not null or gift_cards.cancelled_at is not null)
            )
    );
begin
    update money.gift_cards
    set cancelled_at = private.now(), cancel_reason = 'The sale was not paid.'
    where
        gift_cards.business_id = void_gift_cards.business_id
        and gift_cards.sale_line_id = any(
            array(select line.id from unnest(v_lines) as line)
        );
    return array(
        select sales.make_change(
            line.kind, line.id, null, line.name, - line.amount_minor, - line.discount_minor
        )
        from unnest(v_lines) as line
        order by line.position
    );
end;
$$;
