"""Receipts, invoices and credit notes as files, and the check digits of tax numbers."""
