"""The explorer: one HTML file in which the laws can be dragged, without a server or a network.

What is evaluated in the page is printed from the SymPy objects of `theory` (`reports.explorer.formulas`); what only
`theory`'s quadratures know comes as tables (`reports.explorer.adamw_table`); what was measured comes from a report
(`reports.explorer.network`). Words, style and behaviour are the files in `page/`.
"""
