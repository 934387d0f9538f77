-- Numbers that a series gave and no document carries.
-- Grain:      one row per series, year and environment of statements, letters and invoices.
-- Parameters: none.
-- Promise:    last_number is what the next document counts from; missing is empty where nothing is
--             lost, and unexpected counts documents beyond last_number.
SELECT series.series, series.year, series.environment, series.last_number,
       coalesce((SELECT array_agg(wanted.number ORDER BY wanted.number)
                   FROM (SELECT series.series || '-' || series.year || '-' ||
                                lpad(n::text, 6, '0') AS number
                           FROM generate_series(1, series.last_number) AS n) AS wanted
                  WHERE NOT EXISTS (SELECT 1 FROM billing_document AS document
                                     WHERE document.number = wanted.number)),
                '{}') AS missing,
       (SELECT count(*)
          FROM billing_document AS document
         WHERE document.number LIKE series.series || '-' || series.year || '-%%'
           AND document.number > series.series || '-' || series.year || '-' ||
                                 lpad(series.last_number::text, 6, '0')) AS unexpected
  FROM billing_numberseries AS series
 WHERE series.series IN ('ST', 'TST', 'BC', 'TBC', 'DL', 'TDL') OR series.series ~ '-T?(INV|CN|SB|SC)$'
 ORDER BY series.environment, series.series, series.year
