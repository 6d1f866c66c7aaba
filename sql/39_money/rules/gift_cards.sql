-- Credit is given once and never rewritten; what a gift card was sold for stays.

create trigger _100_refuse_rewriting
before update or delete on money.credits
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on money.credits
for each statement execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update of
business_id, sale_line_id, account_id, currency, amount_minor, code_hash, last4, is_taxed,
is_platform
on money.gift_cards
for each row execute function private.any__refuse_rewriting();

-- A breakage is written once; giving it back is all that happens to it.
create trigger _100_refuse_rewriting
before update of id, business_id, gift_card_id, amount_minor, at or delete
on money.gift_card_breakages
for each row execute function private.any__refuse_rewriting();

create trigger _110_refuse_deleting
before delete on money.gift_cards
for each row execute function private.any__refuse_rewriting();
