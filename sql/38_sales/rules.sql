-- Sales are added to, never rewritten, whoever asks.

create trigger _100_refuse_rewriting
before update or delete on sales.sale_revisions
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_lines
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _100_refuse_rewriting
before update or delete on sales.sale_taxes
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_revisions
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_lines
for each statement execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on sales.sale_taxes
for each statement execute function private.any__refuse_rewriting();

-- A sale keeps its business, basket, currency and moment; who bought may change.
create trigger _100_refuse_rewriting
before update on sales.sales
for each row
when (
    old.id <> new.id
    or old.business_id <> new.business_id
    or old.basket_id is distinct from new.basket_id
    or old.currency <> new.currency
    or old.placed_at <> new.placed_at
)
execute function private.any__refuse_rewriting();
