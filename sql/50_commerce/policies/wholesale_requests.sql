-- What is asked inside a company is the company's: its buyers read it, and the business that sells
-- does not. Nobody writes it: functions do.

alter table commerce.wholesale_order_requests enable row level security;
grant select on commerce.wholesale_order_requests to authenticated, service_role;
grant insert, update, delete on commerce.wholesale_order_requests to service_role;

create policy wholesale_order_requests_select
on commerce.wholesale_order_requests
for select
to authenticated
using (wholesale_account_id = any(array(select private.my_wholesale_accounts())));
