create policy violation on identity.addresses for select to authenticated using (false);
