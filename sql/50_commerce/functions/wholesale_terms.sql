-- What an order must keep to when its buyer has a wholesale account. Checkout asks for the terms,
-- and refuses what does not keep to them, before it takes anything.

/*
 * Return the terms of a buyer with a business: all null but pays_later, which is false, for
 * somebody without an approved account. `customer_id` is the user who buys.
 */
create function commerce.wholesale_terms(business_id uuid, customer_id uuid)
returns commerce.buying_terms
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms commerce.buying_terms;
begin
    select
        wholesale_accounts.id,
        wholesale_accounts.net_days is not null,
        wholesale_accounts.net_days,
        wholesale_accounts.currency,
        wholesale_accounts.credit_limit_minor,
        wholesale_accounts.minimum_minor,
        wholesale_accounts.minimum_quantity,
        wholesale_buyers.order_limit_minor
    into v_terms
    from commerce.wholesale_buyers
    inner join commerce.wholesale_accounts
        on
            wholesale_accounts.id = wholesale_buyers.wholesale_account_id
            and wholesale_accounts.status = 'approved'
    where
        wholesale_buyers.business_id = wholesale_terms.business_id
        and wholesale_buyers.user_id = wholesale_terms.customer_id;
    v_terms.pays_later = coalesce(v_terms.pays_later, false);
    return v_terms;
end;
$$;

/*
 * Refuse an order that does not keep to the terms of its buyer; one of a buyer without an account
 * keeps to everything. `items` are the pieces of each variant, added up. `total_minor` is what the
 * order costs, and `pays_later` whether it is to be paid within the net days. The account is locked
 * until the transaction ends, so that orders at once do not lend the same credit twice. Call it
 * before levels are locked.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded
 *          PT422 minimum_not_reached pack_size terms_not_agreed
 */
create function commerce.require_wholesale_terms(
    business_id uuid,
    customer_id uuid,
    items commerce.stock_item[],
    total_minor bigint,
    currency text,
    pays_later boolean default true
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms constant commerce.buying_terms = commerce.lock_terms(
        require_wholesale_terms.business_id, require_wholesale_terms.customer_id
    );
begin
    if v_terms.wholesale_account_id is null then
        return;
    end if;
    perform commerce.require_packs(require_wholesale_terms.business_id, items);
    perform commerce.require_minimums(v_terms, items, total_minor, currency);
    if require_wholesale_terms.pays_later and v_terms.pays_later then
        perform commerce.require_credit(v_terms, total_minor, currency);
    end if;
end;
$$;

/*
 * Lock the wholesale account of a buyer until the transaction ends. Returns its terms then.
 */
create function commerce.lock_terms(business_id uuid, customer_id uuid)
returns commerce.buying_terms
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_terms commerce.buying_terms = commerce.wholesale_terms(
        lock_terms.business_id, lock_terms.customer_id
    );
begin
    if v_terms.wholesale_account_id is not null then
        perform 1
        from commerce.wholesale_accounts
        where wholesale_accounts.id = v_terms.wholesale_account_id
        for update;
        -- They may have changed while this waited.
        v_terms = commerce.wholesale_terms(lock_terms.business_id, lock_terms.customer_id);
    end if;
    return v_terms;
end;
$$;

/*
 * Refuse broken packs.
 *
 * Errors:  PT422 pack_size
 */
create function commerce.require_packs(business_id uuid, items commerce.stock_item[])
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_broken record;
begin
    select product_variants.sku, wholesale_packs.pack_size into v_broken
    from unnest(items) as item
    inner join commerce.wholesale_packs
        on
            wholesale_packs.business_id = require_packs.business_id
            and wholesale_packs.variant_id = item.variant_id
    inner join catalog.product_variants
        on
            product_variants.business_id = wholesale_packs.business_id
            and product_variants.id = wholesale_packs.variant_id
    where item.quantity % wholesale_packs.pack_size <> 0
    order by product_variants.sku
    limit 1;
    if found then
        perform private.refuse(
            'PT422', 'pack_size',
            format('%s is sold in packs of %s.', v_broken.sku, v_broken.pack_size),
            'Order whole packs.'
        );
    end if;
end;
$$;

/*
 * Refuse an order that is too small. An amount is compared in the currency of the terms only.
 *
 * Errors:  PT422 minimum_not_reached
 */
create function commerce.require_minimums(
    terms commerce.buying_terms,
    items commerce.stock_item[],
    total_minor bigint,
    currency text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_quantity constant bigint = (
        select coalesce(sum(item.quantity), 0) from unnest(items) as item
    );
begin
    if v_quantity < terms.minimum_quantity then
        perform private.refuse(
            'PT422', 'minimum_not_reached',
            format('An order has at least %s pieces; this one has %s.',
                terms.minimum_quantity, v_quantity),
            'Add to the order.'
        );
    end if;
    if terms.currency = require_minimums.currency and total_minor < terms.minimum_minor then
        perform private.refuse(
            'PT422', 'minimum_not_reached',
            format(
                'An order costs at least %s minor units of %s; this one costs %s.',
                terms.minimum_minor, terms.currency, total_minor
            ),
            'Add to the order.'
        );
    end if;
end;
$$;

/*
 * Refuse to lend more than was agreed. The account is locked.
 *
 * Errors:  PT409 credit_limit_exceeded order_limit_exceeded · PT422 terms_not_agreed
 */
create function commerce.require_credit(
    terms commerce.buying_terms, total_minor bigint, currency text
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left_minor bigint;
begin
    if terms.currency <> require_credit.currency then
        perform private.refuse(
            'PT422', 'terms_not_agreed',
            format('Net terms are agreed in %s only.', terms.currency),
            'Order in that currency, or pay the order now.'
        );
    end if;
    if total_minor > terms.order_limit_minor then
        perform private.refuse(
            'PT409', 'order_limit_exceeded',
            'The order costs more than you may order for your company.',
            'Ask an approver of your company with request_wholesale_order.'
        );
    end if;
    v_left_minor = terms.credit_limit_minor - commerce.unpaid_minor(terms.wholesale_account_id);
    if total_minor > v_left_minor then
        perform private.refuse(
            'PT409', 'credit_limit_exceeded',
            format(
                'Your company can owe another %s minor units of %s.',
                greatest(v_left_minor, 0), terms.currency
            ),
            'Pay open orders first, or pay this one now.'
        );
    end if;
end;
$$;

/*
 * Return how much an account has not paid yet of its orders on net terms, in minor units. What is
 * reserved on a card counts as paid; what was paid too much for one order pays no other.
 */
create function commerce.unpaid_minor(wholesale_account_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(greatest(sale.balance_minor, 0)), 0)
        from commerce.orders
        cross join lateral money.sale_balance(orders.business_id, orders.sale_id) as sale
        where
            orders.wholesale_account_id = unpaid_minor.wholesale_account_id
            and orders.pays_later
            and orders.status not in ('cancelled', 'expired')
    );
end;
$$;

/*
 * Return what is unpaid of an order: nothing of one that the caller may not read.
 * Definer: the company's other buyers read the order and not its sale.
 */
create function commerce.unpaid_of(placed commerce.orders)
returns bigint
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if not exists (
        select 1
        from commerce.orders
        where
            orders.id = placed.id
            and orders.status not in ('cancelled', 'expired')
            and (
                private.is_operator()
                or orders.wholesale_account_id in (select private.my_wholesale_accounts())
                or orders.business_id in (select private.seen_businesses())
            )
    ) then
        return 0;
    end if;
    return greatest((money.sale_balance(placed.business_id, placed.sale_id)).balance_minor, 0);
end;
$$;
