create policy violation on pricing.currencies for all to worker using (true);
