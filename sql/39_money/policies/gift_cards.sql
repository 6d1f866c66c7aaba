-- Members who serve read the gift cards of their business, buyers theirs, finance all. Managers
-- read credits, customers theirs. Nobody writes: selling, paying and giving do.

alter table money.gift_cards enable row level security;
alter table money.gift_card_breakages enable row level security;
alter table money.gift_card_lookups enable row level security;
alter table money.credits enable row level security;
-- credit_payments has no policy: payments show who paid what.
alter table money.credit_payments enable row level security;

-- code_hash is nobody's to read.
grant select (
    id, business_id, sale_line_id, account_id, currency, amount_minor, last4, buyer_id, expires_at,
    activated_at, cancelled_at, cancelled_by, cancel_reason, created_at, is_taxed,
    is_platform
)
on money.gift_cards to authenticated;
grant select on money.credits to authenticated;
grant select on money.gift_card_breakages to authenticated;
grant select on money.gift_cards, money.gift_card_breakages, money.credits to service_role;

create policy gift_cards_select
on money.gift_cards
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or business_id = any(array(select private.my_businesses('account')))
    or buyer_id = (select auth.uid())
    or (select private.is_platform_staff('finance'))
);

-- Whoever reads a card reads what became of it.
create policy gift_card_breakages_select
on money.gift_card_breakages
for select
to authenticated
using (
    exists (
        select 1
        from money.gift_cards
        where
            gift_cards.business_id = gift_card_breakages.business_id
            and gift_cards.id = gift_card_breakages.gift_card_id
    )
);

create policy credits_select
on money.credits
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('manage')))
    or business_id = any(array(select private.my_businesses('account')))
    or customer_id = any(array(select customers.mine()))
    or (select private.is_platform_staff('finance'))
);

grant execute on function
money.gift_card_balance(text)
to anon, authenticated, service_role;
grant execute on function
money.sell_gift_card(uuid, bigint, text, text, timestamptz),
money.redeem_gift_card(uuid, text, bigint),
money.use_credit(uuid, bigint),
money.cancel_gift_card(uuid, text),
money.extend_gift_card(uuid, timestamptz),
money.issue_credit(uuid, uuid, bigint, text)
to anon, authenticated, service_role;
grant execute on function
money.forget_old_lookups(),
money.sweep_gift_cards(),
money.release_breakages(),
money.announce_expiring_gift_cards()
to worker;
